"""Proved facts about objectives and penalties, and the listings and the page made from them."""

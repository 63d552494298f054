"""Devices, the rendezvous of workers, and collectives."""

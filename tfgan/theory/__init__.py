"""Facts that are proved of objectives and penalties, and the pages and listings made from them."""

"""What a publication says of itself: name, colours, menus, pages, wording, numbers of the offer."""

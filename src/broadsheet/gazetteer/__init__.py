"""Countries: their names, facts, borders and leaders by date, and where texts mention them."""

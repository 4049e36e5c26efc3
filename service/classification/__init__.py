"""Which containers of a Pod belong to one application, and what each is there for."""

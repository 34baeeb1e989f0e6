"""What Meta delivers, read tolerantly: one module for each field or kind."""

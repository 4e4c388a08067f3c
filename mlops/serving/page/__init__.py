"""The try-it page: three files that need nothing else, and know only ``openapi.json``."""

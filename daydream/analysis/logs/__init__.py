"""An application's logs: from bytes to records, from records to templates, from counts to what stands out."""

"""The REST API: what every resource shares (`views`, `paging`, `errors`, `limits`, `conditional`) and the resources."""

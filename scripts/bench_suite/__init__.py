"""The bench: stillfixed beside its peers, each pair measured in one run on one machine."""

"""What the rooms on AWS share: clients of its services, and what their errors mean."""

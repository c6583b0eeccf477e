"""A small SaaS business to try Segue on: a simulator and the segments that come with it."""

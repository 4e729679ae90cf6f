// The count of the pool's work items is the process's: a test that reads it bears no other beside it.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

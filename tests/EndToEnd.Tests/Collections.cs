// Three rows of tests, one test of each at a time: those of clusters and those of pages, judges and bad input wait for much, and the others
// want the processors.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

// Most tests want the processors: one after the other. Those of clusters mostly wait, and run beside them.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

using IterativeDpo.Training.Data;

namespace IterativeDpo.Training.Tests.Data;

[CollectionDefinition(nameof(DataMemoryTests), DisableParallelization = true)]
public sealed class AloneCollection;

/// <summary>What stays in memory while a long file is read and when it is open; alone, since it counts the whole process.</summary>
[Collection(nameof(DataMemoryTests))]
public sealed class DataMemoryTests(DataFiles files) : IClassFixture<DataFiles>
{
    private const int Rows = 50_000;

    [Fact]
    public void Open_long_file_holds_nothing_of_it_while_reading_and_an_index_when_open()
    {
        var text = new string('x', 60);
        var path = files.Write(Enumerable.Range(0, Rows).Select(i => $$"""{"prompt":"{{i}}","chosen":"{{text}}","rejected":"c"}"""));
        var before = Held();
        long mostWhileReading = 0;
        var progress = new Watch(value =>
            mostWhileReading = value.Rows % 10_240 == 0 ? Math.Max(mostWhileReading, Held() - before) : mostWhileReading);

        using var data = TrainingData.Open([path], files.Tokenizer, new DataOptions(96), files["cache-memory"], progress);

        // A row has over 60 bytes of text and 240 bytes of ids; a batch of 1,024 is in hand.
        Assert.InRange(mostWhileReading, 1, 3 << 20);
        Assert.InRange(Held() - before, 0, (Rows * 28) + (1 << 19));
        Assert.Equal(Rows, data.Examples.Count);
    }

    private static long Held() => GC.GetTotalMemory(forceFullCollection: true);

    private sealed class Watch(Action<DataProgress> report) : IProgress<DataProgress>
    {
        public void Report(DataProgress value) => report(value);
    }
}

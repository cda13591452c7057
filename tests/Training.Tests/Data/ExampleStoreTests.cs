using IterativeDpo.Artifacts;
using IterativeDpo.Training.Data;

namespace IterativeDpo.Training.Tests.Data;

/// <summary>The store: the same examples in the same order, used again only for the same input, and never when damaged.</summary>
public sealed class ExampleStoreTests(DataFiles files) : IClassFixture<DataFiles>
{
    private static readonly DataOptions _options = new(64);

    [Fact]
    public void Open_again_reuses_the_store_and_says_the_same()
    {
        var (path, cache) = (Rows("b"), files["cache-reuse"]);
        using var first = files.Open(path, _options, cache);

        using var second = files.Open(path, _options, cache);

        Assert.Equal((false, true), (first.Reused, second.Reused));
        Assert.Equivalent(first.Examples, second.Examples, strict: true);
        Assert.Equivalent(first.Rows, second.Rows, strict: true);
        Assert.Single(Directory.GetFiles(cache));
    }

    [Fact]
    public void Open_changed_file_of_the_same_name_is_read_anew()
    {
        var (path, cache) = (Rows("b"), files["cache-changed"]);
        files.Open(path, _options, cache).Dispose();
        File.Copy(Rows("d"), path, overwrite: true);

        using var data = files.Open(path, _options, cache);

        Assert.False(data.Reused);
        Assert.Equal('d', data.Examples[0].First[0]);
    }

    public static TheoryData<DataOptions> OtherOptions { get; } =
        [
            new DataOptions(63),
            new DataOptions(64, Unpaired: true),
            new DataOptions(64, SkipBadRows: true),
            new DataOptions(64, ReadsProbability: false),
        ];

    [Theory]
    [MemberData(nameof(OtherOptions))]
    public void Open_other_options_are_another_store(DataOptions other)
    {
        var (path, cache) = (Rows("b"), files[$"cache-{other}"]);
        files.Open(path, _options, cache).Dispose();

        using var data = files.Open(path, other, cache);

        Assert.False(data.Reused);
    }

    [Fact]
    public void Open_other_number_of_threads_is_the_same_store()
    {
        var (path, cache) = (Rows("b"), files["cache-threads"]);
        files.Open(path, _options, cache).Dispose();

        using var data = files.Open(path, _options with { Threads = 2 }, cache);

        Assert.True(data.Reused);
    }

    [Fact]
    public void Open_store_under_the_name_of_another_is_made_anew()
    {
        var (path, cache) = (Rows("b"), files["cache-swapped"]);
        files.Open(path, _options, cache).Dispose();
        var stored = Directory.GetFiles(cache).Single();
        files.Open(Rows("d"), _options, cache).Dispose();
        File.Copy(Directory.GetFiles(cache).Single(file => file != stored), stored, overwrite: true);

        using var data = files.Open(path, _options, cache);

        Assert.False(data.Reused);
        Assert.Equal('b', data.Examples[0].First[0]);
    }

    [Fact]
    public void Open_every_byte_damaged_in_turn_is_made_anew()
    {
        var (path, cache) = (Rows("b"), files["cache-damaged"]);
        files.Open(path, _options, cache).Dispose();
        var stored = Directory.GetFiles(cache).Single();
        var whole = File.ReadAllBytes(stored);
        for (var i = 0; i < whole.Length; i++)
        {
            var damaged = whole.ToArray();
            damaged[i] ^= 0x81;
            File.WriteAllBytes(stored, damaged);

            Assert.Null(ExampleStore.Open(stored, StoreKey.Of([path], files.Tokenizer, _options)));
        }
        using var data = files.Open(path, _options, cache);
        Assert.Equal(whole, File.ReadAllBytes(stored));
    }

    [Fact]
    public void Open_store_cut_off_anywhere_is_made_anew()
    {
        var (path, cache) = (Rows("b"), files["cache-cut"]);
        files.Open(path, _options, cache).Dispose();
        var stored = Directory.GetFiles(cache).Single();
        var whole = File.ReadAllBytes(stored);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(stored, whole[..length]);

            Assert.Null(ExampleStore.Open(stored, StoreKey.Of([path], files.Tokenizer, _options)));
        }
        using var data = files.Open(path, _options, cache);
        Assert.False(data.Reused);
    }

    [Fact]
    public void Examples_store_cut_off_while_in_use_says_so()
    {
        var (path, cache) = (Rows("b"), files["cache-cut-in-use"]);
        using var data = files.Open(path, _options, cache);
        File.WriteAllBytes(Directory.GetFiles(cache).Single(), []);

        Assert.Contains("cut off", Assert.Throws<IOException>(() => data.Examples[0]).Message);
    }

    [Fact]
    public void Open_cancelled_leaves_no_file()
    {
        var cache = files["cache-cancelled"];

        Assert.Throws<OperationCanceledException>(() => TrainingData.Open(
            [Rows("b")], files.Tokenizer, _options, cache, cancellation: new CancellationToken(canceled: true)));

        Assert.Empty(Directory.GetFiles(cache));
    }

    [Fact]
    public void PlanEpoch_over_a_store_is_the_plan_over_a_list()
    {
        using var data = files.Open(
            files.Write(
                Enumerable.Range(0, 60).Select(i => $$"""{"prompt":"{{i % 17}}","chosen":"{{new string('b', i % 5)}}d","rejected":"c"}"""))
        );

        var ofStore = ExampleBatches.PlanEpoch(data.Examples, 7, 40, 3, 1);

        Assert.Equivalent(ExampleBatches.PlanEpoch([.. data.Examples], 7, 40, 3, 1), ofStore, strict: true);
    }

    [Fact]
    public void SizeOf_labelled_completion_counts_the_mismatch_as_it_is_cut()
    {
        var path = files.Write(
            """{"prompt":"aaaaaaaa","completion":"x","label":true}""", """{"prompt":"b","completion":"zzzzzzzzz","label":true}""");
        using var data = files.Open(path, new DataOptions(11, Unpaired: true));

        var sizes = ((ISizedExamples)data.Examples).SizeOf(0);

        Assert.Equal((9, 2, 2), (sizes.PromptTokens, sizes.FirstTokens, sizes.SecondTokens));
        Assert.Equal(2, data.Examples[0].Second.Length);
    }

    [Fact]
    public void Store_gives_back_any_ids_and_labels()
    {
        PreferencePair[] pairs = [new("", [0], [], [int.MaxValue], 1 / 3.0), new("é→😀\n", [.. Enumerable.Range(0, 100_000)], [1], [], 0)];
        var (path, key) = (files["any.bin"], Digest.Of([1]));
        StoreWriter.Write(path, key, _options, pairs, () => new RowCounter().Summarise());

        using var store = ExampleStore.Open(path, key)!;

        Assert.Equivalent(pairs, store, strict: true);
    }

    private string Rows(string chosen) =>
        files.Write($$"""{"prompt":"a","chosen":"{{chosen}}","rejected":"c"}""", """{"prompt":"e","chosen":"f","rejected":"g"}""");
}

using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.Models;

public sealed class SplitModelTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public SplitModelTests() => TinyModel.Write(_directory["whole.gguf"], TinyModel.Config());

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(3, false)]
    public void Open_first_part_gives_the_whole_model(int count, bool tensorsInFirst)
    {
        using var whole = GgufFile.Open(_directory["whole.gguf"]);

        using var parts = GgufFile.Open(Split(count, tensorsInFirst));

        Assert.Equal(ModelConfig.Read(whole), ModelConfig.Read(parts));
        Assert.Equal(count, parts.Paths.Count());
        Assert.All(whole.Tensors.Values, tensor => Assert.Equal(whole.ReadFloat32(tensor), parts.ReadFloat32(parts.Tensors[tensor.Name])));
        Assert.All(whole.Tensors.Values, tensor => Assert.True(whole.Bytes(tensor).SequenceEqual(parts.Bytes(parts.Tensors[tensor.Name]))));
    }

    [Fact]
    public void Write_of_a_model_in_parts_is_one_file()
    {
        using var parts = GgufFile.Open(Split(3));

        ModelWriter.WriteWithout(parts, _directory["merged.gguf"], []);

        using var merged = GgufFile.Open(_directory["merged.gguf"]);
        Assert.Equal([_directory["merged.gguf"]], merged.Paths);
        Assert.All(
            parts.Tensors.Values,
            tensor => Assert.Equal(parts.ReadFloat32(tensor), merged.ReadFloat32(merged.Tensors[tensor.Name])));
        Assert.DoesNotContain(merged.Metadata, entry => entry.Key.StartsWith("split.", StringComparison.Ordinal));
    }

    [Fact]
    public void DigestOf_changes_with_every_part_and_is_the_files_own_where_there_is_one()
    {
        var first = Split(3);
        var digests = new HashSet<Digest> { GgufFile.DigestOf(first) };
        foreach (var part in new[] { 0, 1, 2 })
        {
            SplitModel.Write(
                _directory["whole.gguf"],
                _directory["m"],
                3,
                metadata: (i, values) => values["note"] = i == part ? "other" : "");
            digests.Add(GgufFile.DigestOf(first));
        }

        Assert.Equal(4, digests.Count);
        Assert.Equal(Digest.OfFile(_directory["whole.gguf"]), GgufFile.DigestOf(_directory["whole.gguf"]));
        // Merged, and still called as the first part was.
        File.Copy(_directory["whole.gguf"], first, overwrite: true);
        Assert.Equal(Digest.OfFile(first), GgufFile.DigestOf(first));
    }

    [Fact]
    public void Open_another_part_or_name_than_the_first_says_which_to_give()
    {
        var first = Split(3);
        File.Copy(first, _directory["renamed.gguf"]);

        AssertRefused(
            SplitModel.PathOf(_directory["m"], 1, 3),
            "this is part 2 of 3 of a model in several files. Give the first, NAME-00001-of-00003.gguf");
        AssertRefused(_directory["renamed.gguf"], "must end with '-00001-of-00003.gguf'");
    }

    [Fact]
    public void Open_without_a_part_or_with_a_damaged_or_foreign_one_names_it()
    {
        var (first, second) = (Split(3), SplitModel.PathOf(_directory["m"], 1, 3));
        var bytes = File.ReadAllBytes(second);

        File.Delete(second);
        AssertRefused(first, $"{second}: part 2 of 3 of the model {first} is missing");
        File.WriteAllBytes(second, bytes[..^40]);
        AssertRefused(first, $"{second}: ");
        File.Copy(SplitModel.PathOf(_directory["m"], 2, 3), second, overwrite: true);
        AssertRefused(first, $"{second}: its metadata do not say that it is part 2 of 3");
    }

    [Fact]
    public void Open_with_tensors_twice_or_too_few_says_so()
    {
        var first = SplitModel.Write(
            _directory["whole.gguf"],
            _directory["m"],
            2,
            metadata: (_, values) => values["split.tensors.count"] = 99);
        AssertRefused(first, "the model has 99 tensors, but its 2 files have 21");

        using (var whole = GgufFile.Open(_directory["whole.gguf"]))
        {
            new GgufWriter()
                .Set("split.no", (ushort)1)
                .Set("split.count", (ushort)2)
                .Copy(whole, whole.Tensors.Values.First())
                .Write(SplitModel.PathOf(_directory["m"], 1, 2));
        }
        AssertRefused(first, "is in an earlier part of the model too");
    }

    private string Split(int count, bool tensorsInFirst = true) =>
        SplitModel.Write(_directory["whole.gguf"], _directory["m"], count, tensorsInFirst);

    private static void AssertRefused(string path, string problem)
    {
        var error = Assert.Throws<UserInputException>(() => GgufFile.Open(path).Dispose());
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }
}

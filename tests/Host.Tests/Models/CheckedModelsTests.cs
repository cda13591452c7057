using IterativeDpo.Artifacts;
using IterativeDpo.Host.Models;

namespace IterativeDpo.Host.Tests.Models;

public sealed class CheckedModelsTests : IDisposable
{
    private static readonly Digest s_one = Digest.Of([1]), s_other = Digest.Of([2]);

    private readonly string _root = Directory.CreateTempSubdirectory("dpo-checked-").FullName;
    private int _checks;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Require_computesOnceAModelAndMachine()
    {
        Models("machine").Require("m.gguf", s_one);
        Models("machine").Require("elsewhere.gguf", s_one);
        Assert.Equal(1, _checks);

        Models("machine").Require("m.gguf", s_other);
        Models("another").Require("m.gguf", s_one);
        Assert.Equal(3, _checks);
    }

    [Theory]
    [InlineData(0.3f)]
    [InlineData(null)]
    public void Require_ofAModelThatTheyComputeDifferently_isRefusedEveryTime(float? difference)
    {
        for (var i = 1; i <= 2; i++)
        {
            var e = Assert.Throws<UserInputException>(() => Models("machine", difference).Require("m.gguf", s_one));
            Assert.Contains("m.gguf: llama.cpp and the trainer compute different logits of 8 tokens", e.Message, StringComparison.Ordinal);
            Assert.Contains("--skip-model-check", e.Message, StringComparison.Ordinal);
            Assert.Equal(i, _checks);
        }
    }

    [Fact]
    public void Require_whereTheCacheCannotBeWritten_computesEveryTime()
    {
        File.WriteAllText(Path.Combine(_root, "checked"), "a file where the folder would be");

        Models("machine").Require("m.gguf", s_one);
        Models("machine").Require("m.gguf", s_one);

        Assert.Equal(2, _checks);
    }

    [Fact]
    public void Of_theBundledPolicy_agrees()
    {
        var model = BundledFiles.SeedModel;
        new CheckedModels(_root, "machine", CheckedModels.Computing(threads: 1)).Require(model, Digest.OfFile(model));

        Assert.Single(Directory.EnumerateFiles(Path.Combine(_root, "checked")));
    }

    private CheckedModels Models(string machine, float? difference = 0.1f) => new(_root, machine, _ =>
    {
        _checks++;
        return new(8, difference, 0.2f);
    });
}

using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;

namespace IterativeDpo.Artifacts.Tests.Models;

public sealed class TokenizerDigestsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Of_name_that_llama_cpp_tokenises_by_is_another_digest()
    {
        Assert.NotEqual(Of("tiny"), Of("tiny Phi-3"));
        Assert.Equal(Of("tiny phi3"), Of("Phi-3 of another name"));
    }

    [Fact]
    public void Of_any_other_name_is_the_same_digest() => Assert.Equal(Of("tiny"), Of("small"));

    private Digest Of(string name)
    {
        TinyModel.WriteChanged(_directory["m.gguf"], metadata => metadata["general.name"] = name);
        using var file = GgufFile.Open(_directory["m.gguf"]);
        return TokenizerDigests.Of(file.Metadata);
    }
}

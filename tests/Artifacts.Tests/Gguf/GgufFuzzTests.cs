using IterativeDpo.Artifacts.Adapters;
using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Models;
using IterativeDpo.Artifacts.Tests.Models;

namespace IterativeDpo.Artifacts.Tests.Gguf;

/// <summary>Damaged files by the thousand: each gives values, or an error that names the file.</summary>
public sealed class GgufFuzzTests : IDisposable
{
    private const int Mutations = 750;

    private static readonly Digest Base = Digest.Of([1]);

    private static readonly ModelConfig Config =
        TinyModel.Config() with { Layers = 1, Dim = 8, Heads = 1, KvHeads = 1, FeedForwardDim = 8 };

    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory["a.gguf"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_of_a_file_cut_short_at_any_byte_is_refused()
    {
        new GgufWriter().Set("s", "text").Set("a", new[] { "x", "yz" }).Set("n", new[] { 1, 2, 3 })
            .Add("one", [2, 3], TensorType.F32, new float[6]).Add("two", [8], TensorType.F16, new float[8]).Write(Path);
        var whole = File.ReadAllBytes(Path);
        var needed = whole.Length - 16; // the last tensor's padding holds nothing

        for (var length = 0; length < needed; length++)
        {
            File.WriteAllBytes(Path, whole[..length]);
            var error = Assert.Throws<UserInputException>(() => GgufFile.Open(Path).Dispose());
            Assert.StartsWith(Path, error.Message);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Reading_a_model_with_random_damage_gives_values_or_a_user_error(int seed)
    {
        TinyModel.Write(Path, Config);

        var refused = CountRefused(seed, () =>
        {
            using var file = GgufFile.Open(Path);
            foreach (var tensor in file.Tensors.Values) file.ReadFloat32(tensor);
            ModelConfig.Read(file);
        });

        Assert.InRange(refused, Mutations / 10, Mutations - 1);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void Reading_an_adapter_with_random_damage_gives_values_or_a_user_error(int seed)
    {
        var map = new LoraMap("blk.0.attn_q.weight", new float[2 * 8], new float[8 * 2]);
        new LoraAdapter(2, 4, new(Base, null, "c", 1, "{}"), [map]).Write(Path, Config);

        var refused = CountRefused(seed, () => LoraAdapter.Read(Path, Config, Base));

        Assert.InRange(refused, Mutations / 10, Mutations - 1);
    }

    private int CountRefused(int seed, Action read)
    {
        var whole = File.ReadAllBytes(Path);
        var random = new Random(seed);
        var refused = 0;
        for (var i = 0; i < Mutations; i++)
        {
            File.WriteAllBytes(Path, Damage.Mutate(whole, random));
            try
            {
                read();
            }
            catch (UserInputException e)
            {
                Assert.StartsWith(Path, e.Message);
                refused++;
            }
        }
        return refused;
    }
}

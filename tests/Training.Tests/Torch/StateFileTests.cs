using IterativeDpo.Artifacts;
using IterativeDpo.Training.Torch;
using static TorchSharp.torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class StateFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Read_gives_back_what_was_written_in_the_tensors_own_type()
    {
        using var scope = NewDisposeScope();
        StateFile.Write(_path, "kéy", "héader", [tensor([1, float.Epsilon]), zeros(0), tensor([-0.5f, 3]).to(ScalarType.BFloat16)]);
        Tensor[] read = [zeros(2), zeros(0), zeros(2, ScalarType.BFloat16)];

        var header = StateFile.Read(_path, "kéy", read);

        Assert.Equal("héader", header);
        Assert.Equal([[1, float.Epsilon], [], [-0.5f, 3]], read.Select(Floats.Of));
        Assert.Equal(ScalarType.BFloat16, read[2].dtype);
    }

    [Fact]
    public void Read_longer_than_a_slice_is_whole()
    {
        using var scope = NewDisposeScope();
        var values = arange((1 << 20) + 3, ScalarType.Float32);
        StateFile.Write(_path, "key", "", [values]);
        var read = zeros((1 << 20) + 3);

        StateFile.Read(_path, "key", [read]);

        Assert.Equal(0, (read - values).abs().max().item<float>());
    }

    [Fact]
    public void Read_missing_file_gives_nothing() => Assert.Null(StateFile.Read(_path, "key", []));

    [Fact]
    public void Read_renamed_from_another_key_is_refused_and_changes_nothing()
    {
        using var scope = NewDisposeScope();
        StateFile.Write(_path, "key", "header", [ones(3)]);
        var read = zeros(3);

        var e = Assert.Throws<UserInputException>(() => StateFile.Read(_path, "other key", [read]));

        Assert.Contains(_path, e.Message);
        Assert.Contains("Delete it", e.Message);
        Assert.Equal([0, 0, 0], Floats.Of(read));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(-1)]
    public void Read_cut_file_names_it(int length)
    {
        using var scope = NewDisposeScope();
        StateFile.Write(_path, "key", "header", [ones(3)]);
        var bytes = File.ReadAllBytes(_path);
        File.WriteAllBytes(_path, length < 0 ? bytes[..^1] : bytes[..length]);

        var e = Assert.Throws<UserInputException>(() => StateFile.Read(_path, "key", [zeros(3)]));

        Assert.Contains(_path, e.Message);
        Assert.Contains("damaged. Delete it", e.Message);
    }

    [Fact]
    public void Read_flipped_bit_anywhere_is_noticed()
    {
        using var scope = NewDisposeScope();
        StateFile.Write(_path, "key", "header", [ones(3)]);
        var whole = File.ReadAllBytes(_path);
        for (var i = 0; i < whole.Length; i++)
        {
            var bytes = (byte[])whole.Clone();
            bytes[i] ^= 1;
            File.WriteAllBytes(_path, bytes);

            Assert.Throws<UserInputException>(() => StateFile.Read(_path, "key", [zeros(3)]));
        }
    }
}

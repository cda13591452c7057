using IterativeDpo.Artifacts;
using IterativeDpo.Training.Torch;

namespace IterativeDpo.Training.Tests.Torch;

public sealed class StateFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Read_gives_back_what_was_written()
    {
        StateFile.Write(_path, "héader", [1, float.Epsilon], [], [-0f]);

        var (header, arrays) = StateFile.Read(_path)!.Value;

        Assert.Equal("héader", header);
        Assert.Equal([[1, float.Epsilon], [], [-0f]], arrays);
    }

    [Fact]
    public void Read_missing_file_gives_nothing() => Assert.Null(StateFile.Read(_path));

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(60)]
    public void Read_damaged_file_names_it(int length)
    {
        StateFile.Write(_path, "header", [1, 2, 3]);
        File.WriteAllBytes(_path, File.ReadAllBytes(_path)[..length]);

        var e = Assert.Throws<UserInputException>(() => StateFile.Read(_path));

        Assert.Contains(_path, e.Message);
    }

    [Fact]
    public void Read_flipped_bit_is_noticed()
    {
        StateFile.Write(_path, "header", [1, 2, 3]);
        var bytes = File.ReadAllBytes(_path);
        bytes[25] ^= 1;
        File.WriteAllBytes(_path, bytes);

        Assert.Throws<UserInputException>(() => StateFile.Read(_path));
    }
}

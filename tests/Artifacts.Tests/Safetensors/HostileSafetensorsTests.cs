using IterativeDpo.Artifacts.Gguf;
using IterativeDpo.Artifacts.Safetensors;

namespace IterativeDpo.Artifacts.Tests.Safetensors;

/// <summary>
/// Every way a safetensors file can be wrong: an error that names the file and what is wrong, and nothing allocated for a lie.
/// </summary>
public sealed class HostileSafetensorsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory["a.safetensors"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Open_of_a_missing_or_empty_file_says_so()
    {
        AssertRefused("there is no such file");
        File.WriteAllBytes(Path, []);
        AssertRefused("the file is empty");
    }

    [Fact]
    public void Open_of_another_kind_of_file_says_so()
    {
        File.WriteAllText(Path, "text");
        AssertRefused("not a safetensors file: it has 4 bytes");
        File.WriteAllText(Path, "a text that is longer than a length");
        AssertRefused("not a safetensors file: it begins with a header length of");
    }

    [Theory]
    [InlineData(3UL)]
    [InlineData(99_999_999UL)]
    public void Open_with_a_header_longer_than_the_file_is_refused(ulong length)
    {
        RawSafetensors.Write(Path, "{}", [], length);
        AssertRefused("it was cut short");
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("{", "not valid JSON")]
    [InlineData("[]", "no JSON object")]
    [InlineData("{\"\\ud800\":{}}", "not valid JSON")]
    [InlineData("{\"a\":1,\"a\":2}", "not valid JSON")]
    [InlineData("{\"__metadata__\":[]}", "'__metadata__' is no JSON object")]
    [InlineData("{\"__metadata__\":{\"k\":1}}", "a value that is no text, at 'k'")]
    [InlineData("{\"t\":7}", "tensor 't' has no valid 'dtype'")]
    [InlineData("{\"t\":{\"dtype\":1}}", "tensor 't' has no valid 'dtype'")]
    [InlineData("{\"t\":{\"dtype\":\"F32\"}}", "tensor 't' has no valid 'shape'")]
    [InlineData("{\"t\":{\"dtype\":\"F32\",\"shape\":[1]}}", "tensor 't' has no valid 'data_offsets'")]
    public void Open_with_a_malformed_header_says_where(string header, string problem)
    {
        RawSafetensors.Write(Path, header, new byte[4]);
        AssertRefused(problem);
    }

    [Fact]
    public void Open_with_a_header_that_is_no_UTF8_is_refused()
    {
        RawSafetensors.Write(Path, [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}'], []);
        AssertRefused("not valid UTF-8");
    }

    [Fact]
    public void Open_with_a_header_nested_a_million_deep_is_refused()
    {
        RawSafetensors.Write(Path, new string('[', 1_000_000), []);
        AssertRefused("not valid JSON");
    }

    [Fact]
    public void Open_with_a_type_that_is_not_read_names_it()
    {
        RawSafetensors.Write(Path, Header("F8_E4M3", "[4]", "[0,4]"), new byte[4]);
        AssertRefused("tensor 't' is stored as F8_E4M3, which this program does not read. Save it as one of F32, F16, BF16.");
    }

    [Theory]
    [InlineData("[-1]")]
    [InlineData("[1.5]")]
    [InlineData("[\"1\"]")]
    [InlineData("[2147483648]")]
    [InlineData("[65536,65536]")]
    [InlineData("[99999999999999999999]")]
    public void Open_with_an_impossible_shape_is_refused(string shape)
    {
        RawSafetensors.Write(Path, Header("F32", shape, "[0,4]"), new byte[4]);
        AssertRefused($"tensor 't' has the shape {shape}");
    }

    [Theory]
    [InlineData("[0]", "not [begin, end]")]
    [InlineData("[4,0]", "not [begin, end]")]
    [InlineData("[-4,0]", "not [begin, end]")]
    [InlineData("[0,8]", "has 8 bytes, where F32 of the shape [1] takes 4")]
    [InlineData("[4,8]", "starts 4 bytes into the data, where 0 is next")]
    [InlineData("[9223372036854775803,9223372036854775807]", "where 0 is next")]
    public void Open_with_impossible_offsets_is_refused(string offsets, string problem)
    {
        RawSafetensors.Write(Path, Header("F32", "[1]", offsets), new byte[8]);
        AssertRefused(problem);
    }

    [Theory]
    [InlineData("[0,4]", "[0,4]", 4, "tensor 'b' starts 0 bytes into the data, where 4 is next")]
    [InlineData("[0,4]", "[4,8]", 4, "tensor 'b' ends 8 bytes into the data, but there are 4: the file was cut short")]
    [InlineData("[0,4]", "[4,8]", 9, "1 bytes follow the last tensor")]
    public void Open_with_overlap_cut_or_rest_is_refused(string first, string second, int bytes, string problem)
    {
        RawSafetensors.Write(Path, $"{{{Entry("a", "F32", "[1]", first)},{Entry("b", "F32", "[1]", second)}}}", new byte[bytes]);
        AssertRefused(problem);
    }

    [Fact]
    public void Open_of_a_file_cut_short_at_any_byte_is_refused()
    {
        var whole = WriteWhole();
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(Path, whole[..length]);
            Assert.StartsWith(Path, Assert.Throws<UserInputException>(() => SafetensorsFile.Open(Path).Dispose()).Message);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Open_of_a_file_with_random_damage_gives_values_or_a_user_error(int seed)
    {
        var whole = WriteWhole();
        var random = new Random(seed);
        var refused = 0;
        for (var i = 0; i < 750; i++)
        {
            File.WriteAllBytes(Path, Damage.Mutate(whole, random));
            try
            {
                using var file = SafetensorsFile.Open(Path);
                foreach (var tensor in file.Tensors.Values) file.ReadFloat32(tensor);
            }
            catch (UserInputException e)
            {
                Assert.StartsWith(Path, e.Message);
                refused++;
            }
        }
        Assert.InRange(refused, 75, 749);
    }

    private static string Header(string dtype, string shape, string offsets) => $"{{{Entry("t", dtype, shape, offsets)}}}";

    private static string Entry(string name, string dtype, string shape, string offsets) =>
        $"\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}}";

    private byte[] WriteWhole()
    {
        new SafetensorsWriter(TensorType.F32)
            .Set("format", "pt")
            .Add("one", [2, 3], () => new float[6])
            .Add("two", [8], () => new float[8])
            .Write(Path);
        return File.ReadAllBytes(Path);
    }

    private void AssertRefused(string problem)
    {
        var error = Assert.Throws<UserInputException>(() => SafetensorsFile.Open(Path).Dispose());
        Assert.StartsWith(Path, error.Message);
        Assert.Contains(problem, error.Message);
    }
}

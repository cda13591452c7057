using IterativeDpo.Host.Benchmarks;

namespace IterativeDpo.Host.Tests.Benchmarks;

public sealed class FuzzerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dpo-fuzz-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Run_ofEveryReader_findsNothing()
    {
        foreach (var reader in ForeignReaders.Create(_directory))
        {
            var result = new Fuzzer(_directory, seed: 1).Run(reader, 0, done => done < 40);

            Assert.True(result.Findings.Count == 0, result.ToString());
            Assert.Equal(40, result.Accepted + result.Refused);
        }
    }

    [Fact]
    public void Create_givesInputsThatAreTaken()
    {
        foreach (var reader in ForeignReaders.Create(_directory))
        {
            var path = Path.Combine(_directory, "whole" + reader.Extension);
            File.WriteAllBytes(path, reader.Seeds[^1]);

            // A template may be refused after it was read.
            Assert.True(reader.Name == "template" || Record.Exception(() => reader.Read(path, reader.Seeds[^1])) is null, reader.Name);
        }
    }

    [Fact]
    public void Run_ofAnInputByItsNumber_repeatsItsCrash()
    {
        var reader = new ForeignReader(
            "made",
            ".txt",
            ["abcdefgh"u8.ToArray()],
            int.MaxValue,
            (_, bytes) => throw new InvalidOperationException(Convert.ToHexString(bytes)));
        var found = new Fuzzer(_directory, seed: 3).Run(reader, 0, done => done < 5).Findings[3];

        var again = new Fuzzer(_directory, seed: 3).Run(reader, found.Input, done => done == 0);

        Assert.Equal(found, Assert.Single(again.Findings));
        Assert.Equal(1, again.Crashes);
    }
}

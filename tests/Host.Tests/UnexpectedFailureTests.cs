namespace IterativeDpo.Host.Tests;

public sealed class UnexpectedFailureTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dpo-failure-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Describe_isALineAndAFileWithTheRest()
    {
        var line = UnexpectedFailure.Describe(Thrown("first\nsecond"), _directory);

        var file = Assert.Single(Directory.GetFiles(_directory));
        Assert.Equal($"first second (a fault of this program: {file} has the details to report it with)", line);
        Assert.Contains("   at IterativeDpo.Host.Tests.UnexpectedFailureTests.Thrown", File.ReadAllText(file));
    }

    [Fact]
    public void Describe_whereNoFileCanBe_saysItsKind() => Assert.Equal(
        "first (a fault of this program: InvalidOperationException, and /dev/null takes no file with its details)",
        UnexpectedFailure.Describe(Thrown("first"), "/dev/null"));

    [Fact]
    public void Describe_failureOfTheDisk_isNoFaultOfTheProgram()
    {
        Assert.Equal("No space left on device", UnexpectedFailure.Describe(new IOException("No space left on device"), _directory));
        Assert.Empty(Directory.GetFiles(_directory));
    }

    private static InvalidOperationException Thrown(string message)
    {
        try
        {
            throw new InvalidOperationException(message);
        }
        catch (InvalidOperationException e)
        {
            return e;
        }
    }
}

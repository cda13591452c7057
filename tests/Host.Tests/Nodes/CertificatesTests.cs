using System.CommandLine;
using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using IterativeDpo.Actors.Security;
using IterativeDpo.Artifacts;
using IterativeDpo.Host.Commands;
using IterativeDpo.Host.Nodes;

namespace IterativeDpo.Host.Tests.Nodes;

public sealed class CertificatesTests : IDisposable
{
    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("certificates-test-").FullName, "certificates");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    [Fact]
    public void Make_twice_givesTwoNodesOfOneAuthority()
    {
        var (first, second) = (Make("one"), Make("two"));

        Assert.Equal((true, false), (first.NewAuthority, second.NewAuthority));
        using var one = NodeCertificate.Load(first.Certificate, TimeProvider.System);
        using var two = NodeCertificate.Load(second.Certificate, TimeProvider.System);
        Assert.True(one.IsOfAuthority(two.Certificate));
        Assert.True(two.IsOfAuthority(one.Certificate));
        Assert.Null(one.Warning);
    }

    [Fact]
    public async Task Command_makesThem_andRefusesASecondTime()
    {
        var command = RootCommands
            .Create()
            .Parse(["certificates", "--out", _directory, "--node", "one", "--host", "a.example", "--days", "3"]);
        var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false };

        Assert.Equal(ExitCodes.Done, await command.InvokeAsync(invocation));
        await Assert.ThrowsAsync<UserInputException>(() => command.InvokeAsync(invocation));

        using var node = NodeCertificate.Load(_directory, TimeProvider.System);
        Assert.Equal(3, Math.Round((node.Certificate.NotAfter - DateTime.Now).TotalDays));
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public void Make_hidesKeysFromOthers()
    {
        var made = Make("one");

        Assert.All(
            [made.Key, made.AuthorityKey],
            key => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key)));
        Assert.Equal(4, Directory.GetFiles(_directory).Length);
    }

    [Fact]
    public void Make_withHosts_namesThemInTheCertificate()
    {
        var made = Make("one", hosts: ["a.example", "10.0.0.7", "::1"]);

        using var certificate = X509CertificateLoader.LoadCertificateFromFile(made.Certificate);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["a.example"], names.EnumerateDnsNames());
        Assert.Equal(["10.0.0.7", "::1"], names.EnumerateIPAddresses().Select(address => address.ToString()));
    }

    [Fact]
    public void Make_ofANodeThatIsThere_needsForce()
    {
        var before = File.ReadAllText(Make("one").Certificate);

        AssertRefused("one.crt: there is one already", () => Make("one"));
        Assert.Equal(before, File.ReadAllText(Path.Combine(_directory, "one.crt")));

        var authority = File.ReadAllText(Path.Combine(_directory, "ca.crt"));
        var again = Make("one", force: true);
        Assert.NotEqual(before, File.ReadAllText(again.Certificate));
        Assert.Equal(authority, File.ReadAllText(again.Authority));
        NodeCertificate.Load(again.Certificate, TimeProvider.System).Dispose();
    }

    [Theory]
    [InlineData("ca")]
    [InlineData("../one")]
    [InlineData("")]
    [InlineData("one\n")]
    [InlineData(".one")]
    [InlineData("o,CN=x")]
    public void Make_withANameThatIsNone_isRefused(string node)
    {
        AssertRefused($"--node {node}: a name is", () => Make(node));
        Assert.False(Directory.Exists(_directory));
    }

    [Theory]
    [InlineData("http://a")]
    [InlineData("a:80")]
    [InlineData("")]
    public void Make_withAHostThatIsNone_isRefused(string host) =>
        AssertRefused($"--host {host}: neither", () => Make("one", hosts: [host]));

    [Fact]
    public void Make_withAnExpiredAuthority_namesItAndItsDate()
    {
        Make("one", time: new Clock(DateTimeOffset.UtcNow.AddDays(-4000)));

        AssertRefused(
            $"ca.crt: this certificate expired on {DateTime.UtcNow.AddDays(-350):yyyy-MM-dd}. Make a new authority",
            () => Make("two"));
    }

    [Fact]
    public void Make_withAnAuthorityOfAnotherKind_namesTheFile()
    {
        var made = Make("one");

        File.Copy(made.Key, made.AuthorityKey, overwrite: true);
        AssertRefused("ca.key: this is not the key of", () => Make("two"));
        File.Copy(made.Certificate, made.Authority, overwrite: true);
        AssertRefused("ca.crt: this is the certificate of a node", () => Make("two"));
        File.WriteAllText(made.Authority, "text");
        AssertRefused("ca.crt: this is no certificate in PEM form", () => Make("two"));
        File.Delete(made.Authority);
        AssertRefused("ca.crt: cannot be read: it does not exist", () => Make("two"));
        Assert.False(File.Exists(Path.Combine(_directory, "two.crt")));
    }

    [Fact]
    public void Make_whereAFileIs_saysSo()
    {
        File.WriteAllText(_directory, "");

        AssertRefused($"{_directory}: certificates cannot be written there", () => Make("one"));
    }

    [Fact]
    public void Make_isNotValidLongerThanTheAuthority()
    {
        Make("one", time: new Clock(DateTimeOffset.UtcNow.AddDays(-3600)));

        var made = Make("two", days: 365);

        Assert.Equal(made.AuthorityUntil, made.Until);
    }

    [Fact]
    public void Load_ofAnExpiredCertificate_namesItAndItsDate()
    {
        var made = Make("two", days: 1, time: new Clock(DateTimeOffset.UtcNow.AddHours(-30)));

        AssertRefused($"two.crt: this certificate expired on {made.Until}. Make a new one", () => Load("two.crt"));
    }

    [Fact]
    public void Load_inTheLastMonth_warnsWithTheDate()
    {
        var made = Make("one", days: 29);

        using var node = NodeCertificate.Load(made.Certificate, TimeProvider.System);

        Assert.StartsWith($"{made.Certificate}: this certificate expires on {made.Until}", node.Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ofACertificateOfAnotherAuthority_isRefused()
    {
        var (one, other) = (Make("one"), Certificates.Make(_directory + "-other", "one", [], 365, false, TimeProvider.System));
        File.Copy(other.Authority, one.Authority, overwrite: true);

        AssertRefused("one.crt: this is not a node's certificate of the authority in", () => Load("one.crt"));
    }

    [Fact]
    public void Load_withTheKeyOfAnother_isRefused()
    {
        var (one, two) = (Make("one"), Make("two"));
        File.Copy(two.Key, one.Key, overwrite: true);

        AssertRefused("one.key: this is not the key of", () => Load("one.crt"));
    }

    [Fact]
    public void Load_ofADirectory_takesTheOnlyNodeThere()
    {
        Make("one");
        NodeCertificate.Load(_directory, TimeProvider.System).Dispose();

        Make("two");
        AssertRefused("several nodes' certificates are there. Name one of them: ", () => Load(""));
        File.Delete(Path.Combine(_directory, "one.crt"));
        File.Delete(Path.Combine(_directory, "two.crt"));
        AssertRefused("no node's certificate is there", () => Load(""));
    }

    private NodeCertificate Load(string name) => NodeCertificate.Load(Path.Combine(_directory, name), TimeProvider.System);

    private NodeCertificateFiles Make(string node, string[]? hosts = null, int days = 365, bool force = false, TimeProvider? time = null) =>
        Certificates.Make(_directory, node, hosts ?? [], days, force, time ?? TimeProvider.System);

    private static void AssertRefused(string message, Func<object> act) =>
        Assert.Contains(message, Assert.Throws<UserInputException>(act).Message, StringComparison.Ordinal);

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}

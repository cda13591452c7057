using IterativeDpo.Host.Terminal;

namespace IterativeDpo.Host.Tests.Terminal;

public sealed class PlainProgressTests : IDisposable
{
    private readonly StringWriter _written = new();

    private string[] Lines => _written.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);

    public void Dispose() => _written.Dispose();

    [Fact]
    public void Show_whileAStageGoesOn_writesOneLineUntilTheIntervalIsOver()
    {
        var progress = new PlainProgress(_written, TimeProvider.System);

        progress.Show(new("sampling", 1, 100, "20 tokens/s"));
        progress.Show(new("sampling", 2, 100, "20 tokens/s"));

        Assert.Equal(["sampling 1/100, 20 tokens/s"], Lines);
    }

    [Fact]
    public void Show_ofAStageThatIsDone_writesItOnce()
    {
        var progress = new PlainProgress(_written, TimeProvider.System);

        progress.Show(new("training", 0, 1, ""));
        progress.Show(new("training", 9, 10, "loss 0.5"));
        progress.Show(new("training", 10, 10, "loss 0.4"));
        progress.Show(new("training", 10, 10, "loss 0.4"));

        Assert.Equal(["training", "training 10/10, loss 0.4"], Lines);
    }
}

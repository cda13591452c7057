using System.Globalization;
using System.Text.Json;
using Deque.AxeCore.Commons;
using PuppeteerSharp;

namespace IterativeDpo.EndToEnd.Tests;

/// <summary>A page of ours in a real browser.</summary>
internal static class Browsing
{
    public const int Patience = 60_000;

    public static Task<IBrowser> LaunchAsync() => Puppeteer.LaunchAsync(new LaunchOptions
    {
        ExecutablePath = BrowserFactAttribute.Program,
        Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    });

    /// <summary>By axe's rules, levels A and AA, in light and in dark.</summary>
    public static async Task IsAccessibleAsync(IPage page, string what)
    {
        await page.EvaluateExpressionAsync(new BundledAxeScriptProvider().GetScript());
        foreach (var scheme in new[] { "light", "dark" })
        {
            await page.EmulateMediaFeaturesAsync([
                new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = scheme },
            ]);
            var found = await page.EvaluateFunctionAsync<string>("""
                async () => {
                  const result = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] });
                  return result.violations.map(violation => `${violation.id}: ${violation.nodes.map(node => node.html.slice(0, 200)).join(' ')}`).join('\n');
                }
                """);
            Assert.True(found.Length == 0, $"{what}, {scheme}: {found}");
        }
        await page.EmulateMediaFeaturesAsync([]);
    }

    /// <summary>Of these pages, wide and narrow, light and dark; with DPO_SCREENSHOTS in the environment, into that folder.</summary>
    public static async Task TakePicturesAsync(IPage page, Uri address, params (string Name, string Path)[] pages)
    {
        if (Environment.GetEnvironmentVariable("DPO_SCREENSHOTS") is not { Length: > 0 } folder)
        {
            return;
        }
        Directory.CreateDirectory(folder);
        foreach (var (name, path) in pages)
        {
            await GoAsync(page, new Uri(address, path));
            foreach (var width in new[] { 1280, 390 })
            {
                await page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 900 });
                foreach (var scheme in new[] { "light", "dark" })
                {
                    await page.EmulateMediaFeaturesAsync([
                        new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = scheme },
                    ]);
                    var file = string.Create(CultureInfo.InvariantCulture, $"{name}-{width}-{scheme}.png");
                    await page.ScreenshotAsync(Path.Combine(folder, file), new ScreenshotOptions { FullPage = true });
                }
            }
        }
    }

    public static Uri AddressIn(DpoProcess run)
    {
        Uri? address = null;
        Assert.True(
            run.WaitForLine(line =>
                line.StartsWith("dpo: page: ", StringComparison.Ordinal)
                && Uri.TryCreate(line["dpo: page: ".Length..], UriKind.Absolute, out address)),
            run.Errors);
        return address!;
    }

    // Not until nothing is loaded any more: the events never end.
    public static Task<IResponse> GoAsync(IPage page, Uri address) =>
        page.GoToAsync(address.ToString(), WaitUntilNavigation.DOMContentLoaded);

    public static Task<IJSHandle> SeesAsync(IPage page, string selector, string text) => page.WaitForFunctionAsync(
        $"() => document.querySelector({JsonSerializer.Serialize(selector)})?.textContent.includes({JsonSerializer.Serialize(text)})",
        new WaitForFunctionOptions { Timeout = Patience });
}

#nullable disable // As in the package: a missing text is null.
using System.Globalization;

namespace Akka.Configuration.Hocon;

/// <summary>Durations and sizes with units.</summary>
internal static class HoconUnits
{
    private static readonly Dictionary<string, double> TicksPerUnit = Units<double>(
        (TimeSpan.TicksPerMicrosecond / 1000.0, "nanoseconds nanosecond nanos nano ns"),
        (TimeSpan.TicksPerMicrosecond, "microseconds microsecond micros micro"),
        (TimeSpan.TicksPerMillisecond, "milliseconds millisecond millis milli ms"),
        (TimeSpan.TicksPerSecond, "seconds second s"),
        (TimeSpan.TicksPerMinute, "minutes minute m"),
        (TimeSpan.TicksPerHour, "hours hour h"),
        (TimeSpan.TicksPerDay, "days day d"));

    private static readonly Dictionary<string, long> BytesPerUnit = Units<long>(
        (1, "b B byte bytes"),
        (1_000, "kB kilobyte kilobytes"),
        (1L << 10, "K k Ki KiB kibibyte kibibytes"),
        (1_000_000, "MB megabyte megabytes"),
        (1L << 20, "M m Mi MiB mebibyte mebibytes"),
        (1_000_000_000, "GB gigabyte gigabytes"),
        (1L << 30, "G g Gi GiB gibibyte gibibytes"),
        (1_000_000_000_000, "TB terabyte terabytes"),
        (1L << 40, "T t Ti TiB tebibyte tebibytes"));

    public static TimeSpan ParseDuration(string text, bool allowInfinite)
    {
        if (allowInfinite && text.Equals("infinite", StringComparison.OrdinalIgnoreCase))
        {
            return Timeout.InfiniteTimeSpan;
        }
        var (number, unit) = SplitUnit(text);
        if (!TicksPerUnit.TryGetValue(unit, out var ticks))
        {
            (number, ticks) = (text, TimeSpan.TicksPerMillisecond);
        }
        var value = double.Parse(number, NumberFormatInfo.InvariantInfo);
        return value >= 0
            ? TimeSpan.FromTicks((long)Math.Round(value * ticks))
            : throw new FormatException($"A duration cannot be negative: {text}");
    }

    public static long? ParseByteSize(string text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }
        var (number, unit) = SplitUnit(text);
        if (unit.Length == 0 || unit.Length == text.Length)
        {
            return long.Parse(text);
        }
        return BytesPerUnit.TryGetValue(unit, out var bytes)
            ? bytes * long.Parse(number)
            : throw new FormatException($"'{unit}' is no unit of size.");
    }

    private static (string Number, string Unit) SplitUnit(string text)
    {
        var end = text.AsSpan().LastIndexOfAnyInRange('0', '9') + 1;
        return (text[..end], text[end..].Trim());
    }

    private static Dictionary<string, T> Units<T>(params (T Factor, string Names)[] units) =>
        units.SelectMany(u => u.Names.Split(' ').Select(name => (name, u.Factor))).ToDictionary(u => u.name, u => u.Factor);
}

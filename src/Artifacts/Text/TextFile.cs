using System.Text;

namespace IterativeDpo.Artifacts.Text;

/// <summary>Small text files that a user wrote, in UTF-8 with or without a byte order mark.</summary>
public static class TextFile
{
    /// <exception cref="UserInputException">It cannot be read, or a line is no text: names the line and the byte.</exception>
    public static string Read(string path) => string.Join('\n', ReadLines(path));

    /// <summary>The lines without their ends; of a text that ends with a line's end the last one is empty.</summary>
    /// <exception cref="UserInputException">It cannot be read, or a line is no text: names the line and the byte.</exception>
    public static IReadOnlyList<string> ReadLines(string path)
    {
        using var file = InputFile.Open(path);
        using var whole = new MemoryStream();
        try
        {
            file.CopyTo(whole);
        }
        catch (IOException e)
        {
            throw new UserInputException($"{path}: it cannot be read: {e.Message}", e);
        }
        var bytes = whole.GetBuffer().AsSpan(0, (int)whole.Length);
        bytes = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        var lines = new List<string>();
        foreach (var range in bytes.Split((byte)'\n'))
        {
            var line = bytes[range];
            if (TextFault.OfLine(line) is { } fault)
            {
                throw new UserInputException($"{path}, line {lines.Count + 1}: {fault}.");
            }
            lines.Add(Encoding.UTF8.GetString(line.TrimEnd((byte)'\r')));
        }
        return lines;
    }
}

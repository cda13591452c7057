using System.Text;

namespace IterativeDpo.Artifacts.Tests.Safetensors;

/// <summary>Writes safetensors files byte by byte, so that a test can write what no honest writer would.</summary>
internal static class RawSafetensors
{
    public static void Write(string path, string header, byte[] data, ulong? headerLength = null) =>
        Write(path, Encoding.UTF8.GetBytes(header), data, headerLength);

    public static void Write(string path, byte[] header, byte[] data, ulong? headerLength = null) =>
        File.WriteAllBytes(path, [.. BitConverter.GetBytes(headerLength ?? (ulong)header.Length), .. header, .. data]);
}

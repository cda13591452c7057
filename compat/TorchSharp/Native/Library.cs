using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Signatures are of plain values, so calls cost no marshalling.
[assembly: DisableRuntimeMarshalling]

namespace TorchSharp.Native;

/// <summary>Finds the native half of the stand-in, which eng/build-torch.sh builds.</summary>
internal static class Library
{
    internal const string Name = "torch_standin";
    private const string FileName = "torch/libtorch_standin.so";
    private const string FolderVariable = "ITERATIVE_DPO_ENGINES";

#pragma warning disable CA2255 // The resolver has to be there before the first native call, whichever type makes it.
    [ModuleInitializer]
    internal static void RegisterResolver() => NativeLibrary.SetDllImportResolver(typeof(Library).Assembly, Resolve);
#pragma warning restore CA2255

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Name) return 0;
        var path = Find() ?? throw new DllNotFoundException(
            $"{FileName} was found neither in ${FolderVariable} nor in a folder .engines above {AppContext.BaseDirectory}. Run ./dpo doctor.");
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException error)
        {
            throw new DllNotFoundException($"{path} does not load: {error.Message} Run ./dpo doctor.", error);
        }
    }

    private static string? Find()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable);
        if (!string.IsNullOrEmpty(folder)) return Existing(Path.Combine(folder, FileName));
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            if (Existing(Path.Combine(above.FullName, ".engines", FileName)) is { } path) return path;
        }
        return null;
    }

    private static string? Existing(string path) => File.Exists(path) ? path : null;
}

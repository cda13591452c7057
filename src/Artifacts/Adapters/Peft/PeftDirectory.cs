namespace IterativeDpo.Artifacts.Adapters.Peft;

/// <summary>The two files of an adapter as the PEFT library saves it.</summary>
internal static class PeftDirectory
{
    public static string Weights(string directory) => Path.Combine(directory, "adapter_model.safetensors");

    public static string Config(string directory) => Path.Combine(directory, "adapter_config.json");
}

namespace LLama.Native;

/// <summary>A LoRA adapter loaded for one model.</summary>
public class LoraAdapter
{
    internal LoraAdapter(SafeLlamaModelHandle model, string path, nint pointer)
    {
        Model = model;
        Path = path;
        Pointer = pointer;
        Loaded = true;
    }

    public SafeLlamaModelHandle Model { get; }

    /// <summary>The full path of its file.</summary>
    public string Path { get; }

    internal nint Pointer { get; }

    internal bool Loaded { get; private set; }

    /// <summary>Frees it; a second call does nothing. A model frees the adapters it still has.</summary>
    public void Unload()
    {
        if (Loaded && !Model.IsClosed)
        {
            NativeMethods.llama_adapter_lora_free(Pointer);
        }
        Loaded = false;
    }
}

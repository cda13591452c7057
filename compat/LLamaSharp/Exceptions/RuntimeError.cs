using LLama.Native;

namespace LLama.Exceptions;

/// <summary>llama.cpp could not do what was asked.</summary>
public class RuntimeError : Exception
{
    internal RuntimeError(string message) : base(message) { }
}

/// <summary>llama.cpp refused a model file.</summary>
public class LoadWeightsFailedException : RuntimeError
{
    internal LoadWeightsFailedException(string modelPath) : base($"Failed to load model '{modelPath}'") { }
}

/// <summary>llama.cpp does not know the chat template.</summary>
public class MissingTemplateException : RuntimeError
{
    internal MissingTemplateException(string message)
        : base($"llama_chat_apply_template failed: template not found for '{message}'") { }
}

/// <summary>The model carries no chat template.</summary>
public class TemplateNotFoundException : RuntimeError
{
    internal TemplateNotFoundException(string name)
        : base($"llama_model_chat_template failed: the model has no template '{name}'") { }
}

/// <summary>llama_decode returned something other than 0.</summary>
public class LLamaDecodeError(DecodeResult returnCode) : RuntimeError($"llama_decode failed: '{returnCode}'");

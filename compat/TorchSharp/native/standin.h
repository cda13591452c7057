// The C boundary of the TorchSharp stand-in: one exported function per operation, named op_<name>.
// Every function catches what LibTorch throws; C# reads the message with op_last_error.
#pragma once
#include <ATen/ATen.h>
#include <cstdint>
#include <string>
#include <vector>

using H = at::Tensor*;       // a tensor's handle; the caller owns it and releases it with op_dispose
using Dims = const int64_t*; // with its length as the next parameter

// A C# number on its way in: its bits, and whether they are an integer or a double.
struct Number {
    int64_t bits;
    int64_t kind; // 0 integer, 1 floating point, -1 absent
};

// Several tensors on their way out; C# takes the handles and frees the list.
struct List {
    int64_t count;
    H items[];
};

void remember_error() noexcept;
at::Scalar scalar(Number value);
List* list(const std::vector<at::Tensor>& tensors);

inline std::vector<at::Tensor> tensors(H* handles, int64_t count)
{
    std::vector<at::Tensor> result;
    result.reserve(count);
    for (int64_t i = 0; i < count; i++) result.push_back(*handles[i]);
    return result;
}

inline c10::optional<at::Tensor> maybe(H tensor) { return tensor ? c10::optional<at::Tensor>(*tensor) : c10::nullopt; }
inline c10::optional<at::Scalar> maybe(Number value) { return value.kind < 0 ? c10::nullopt : c10::optional<at::Scalar>(scalar(value)); }
// A negative element type stands for "not given".
inline c10::optional<at::ScalarType> maybe_type(int32_t type)
{
    return type < 0 ? c10::nullopt : c10::optional<at::ScalarType>(static_cast<at::ScalarType>(type));
}
// The smallest integer stands for "not given".
inline c10::optional<int64_t> maybe_int(int64_t value) { return value == INT64_MIN ? c10::nullopt : c10::optional<int64_t>(value); }
inline c10::optional<at::Generator> maybe_generator(at::Generator* generator)
{
    return generator ? c10::optional<at::Generator>(*generator) : c10::nullopt;
}

template <class Result, class Body> Result guarded(Result fallback, Body&& body) noexcept
{
    try {
        return body();
    } catch (...) {
        remember_error();
        return fallback;
    }
}

inline H handle(at::Tensor tensor) { return tensor.defined() ? new at::Tensor(std::move(tensor)) : nullptr; }

// A new tensor; null if it failed.
#define TENSOR(name, parameters, ...) \
    extern "C" H op_##name parameters { return guarded<H>(nullptr, [&] { return handle(__VA_ARGS__); }); }
// A change in place; false if it failed.
#define CHANGE(name, parameters, ...) \
    extern "C" bool op_##name parameters { return guarded(false, [&] { __VA_ARGS__; return true; }); }
// A plain value; the fallback if it failed.
#define VALUE(type, fallback, name, parameters, ...) \
    extern "C" type op_##name parameters { return guarded<type>(fallback, [&]() -> type { return __VA_ARGS__; }); }
// Several new tensors; null if it failed.
#define TENSORS(name, parameters, ...) \
    extern "C" List* op_##name parameters { return guarded<List*>(nullptr, [&] { return list(__VA_ARGS__); }); }

// A pair of results as the list they are sent back in.
inline std::vector<at::Tensor> both(std::tuple<at::Tensor, at::Tensor> pair) { return {std::get<0>(pair), std::get<1>(pair)}; }

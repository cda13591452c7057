// Arithmetic, comparison and elementary functions, element by element.
#include "standin.h"

#define UNARY(name) TENSOR(name, (H self), self->name()) CHANGE(name##_, (H self), self->name##_())
UNARY(abs)
UNARY(neg)
UNARY(exp)
UNARY(expm1)
UNARY(log)
UNARY(log1p)
UNARY(sqrt)
UNARY(rsqrt)
UNARY(reciprocal)
UNARY(sin)
UNARY(cos)
UNARY(tanh)
UNARY(sigmoid)
UNARY(relu)
UNARY(sign)
UNARY(floor)
UNARY(ceil)
UNARY(logical_not)
UNARY(erf)
CHANGE(fill_, (H self, Number value), self->fill_(scalar(value)))
TENSOR(round, (H self, int64_t decimals), self->round(decimals))
TENSOR(isnan, (H self), self->isnan())
TENSOR(isinf, (H self), self->isinf())
TENSOR(isfinite, (H self), self->isfinite())
TENSOR(silu, (H self), at::silu(*self))
CHANGE(silu_, (H self), at::silu_(*self))
TENSOR(gelu, (H self), at::gelu(*self))
TENSOR(log_sigmoid, (H self), at::log_sigmoid(*self))
TENSOR(softplus, (H self, double beta, double threshold), at::softplus(*self, beta, threshold))

TENSOR(add, (H self, H other, Number alpha), self->add(*other, scalar(alpha)))
CHANGE(add_, (H self, H other, Number alpha), self->add_(*other, scalar(alpha)))
TENSOR(add_number, (H self, Number other, Number alpha), self->add(scalar(other), scalar(alpha)))
CHANGE(add_number_, (H self, Number other, Number alpha), self->add_(scalar(other), scalar(alpha)))

#define ARITHMETIC(name) \
    TENSOR(name, (H self, H other), self->name(*other)) \
    CHANGE(name##_, (H self, H other), self->name##_(*other)) \
    TENSOR(name##_number, (H self, Number other), self->name(scalar(other))) \
    CHANGE(name##_number_, (H self, Number other), self->name##_(scalar(other)))
ARITHMETIC(sub)
ARITHMETIC(mul)
ARITHMETIC(remainder)
ARITHMETIC(floor_divide)
ARITHMETIC(pow)

static c10::optional<c10::string_view> rounding_mode(int32_t mode)
{
    if (mode == 0) return c10::nullopt;
    return c10::optional<c10::string_view>(mode == 1 ? "trunc" : "floor");
}
TENSOR(div, (H self, H other, int32_t mode), self->div(*other, rounding_mode(mode)))
CHANGE(div_, (H self, H other, int32_t mode), self->div_(*other, rounding_mode(mode)))
TENSOR(div_number, (H self, Number other, int32_t mode), self->div(scalar(other), rounding_mode(mode)))
CHANGE(div_number_, (H self, Number other, int32_t mode), self->div_(scalar(other), rounding_mode(mode)))

#define COMPARISON(name) \
    TENSOR(name, (H self, H other), self->name(*other)) \
    TENSOR(name##_number, (H self, Number other), self->name(scalar(other)))
COMPARISON(eq)
COMPARISON(ne)
COMPARISON(lt)
COMPARISON(le)
COMPARISON(gt)
COMPARISON(ge)

#define BINARY(name) TENSOR(name, (H self, H other), self->name(*other))
BINARY(maximum)
BINARY(minimum)
BINARY(logaddexp)
BINARY(logical_and)
BINARY(logical_or)
BINARY(logical_xor)
BINARY(bitwise_and)
BINARY(bitwise_or)
BINARY(bitwise_xor)
TENSOR(bitwise_not, (H self), self->bitwise_not())

TENSOR(clamp, (H self, Number min, Number max), self->clamp(maybe(min), maybe(max)))
CHANGE(clamp_, (H self, Number min, Number max), self->clamp_(maybe(min), maybe(max)))
TENSOR(clamp_tensor, (H self, H min, H max), self->clamp(maybe(min), maybe(max)))
CHANGE(clamp_tensor_, (H self, H min, H max), self->clamp_(maybe(min), maybe(max)))
TENSOR(clamp_min, (H self, Number min), self->clamp_min(scalar(min)))
CHANGE(clamp_min_, (H self, Number min), self->clamp_min_(scalar(min)))
TENSOR(clamp_max, (H self, Number max), self->clamp_max(scalar(max)))
CHANGE(clamp_max_, (H self, Number max), self->clamp_max_(scalar(max)))

TENSOR(addcmul, (H self, H first, H second, Number value), self->addcmul(*first, *second, scalar(value)))
CHANGE(addcmul_, (H self, H first, H second, Number value), self->addcmul_(*first, *second, scalar(value)))
TENSOR(addcdiv, (H self, H first, H second, Number value), self->addcdiv(*first, *second, scalar(value)))
CHANGE(addcdiv_, (H self, H first, H second, Number value), self->addcdiv_(*first, *second, scalar(value)))
TENSOR(lerp, (H self, H end, H weight), self->lerp(*end, *weight))
CHANGE(lerp_, (H self, H end, H weight), self->lerp_(*end, *weight))
VALUE(bool, false, allclose, (H self, H other, double rtol, double atol, bool equal_nan), self->allclose(*other, rtol, atol, equal_nan))
VALUE(bool, false, equal, (H self, H other), self->equal(*other))
TENSOR(isclose, (H self, H other, double rtol, double atol, bool equal_nan), self->isclose(*other, rtol, atol, equal_nan))

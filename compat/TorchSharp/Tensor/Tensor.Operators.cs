namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public static Tensor operator +(Tensor left, Tensor right) => op_add(left, right, One);
        public static Tensor operator +(Tensor left, int right) => op_add_number(left, right, One);
        public static Tensor operator +(Tensor left, float right) => op_add_number(left, right, One);
        public static Tensor operator +(Tensor left, double right) => op_add_number(left, right, One);

        public static Tensor operator *(Tensor left, Tensor right) => op_mul(left, right);
        public static Tensor operator *(Tensor left, int right) => op_mul_number(left, right);
        public static Tensor operator *(Tensor left, float right) => op_mul_number(left, right);
        public static Tensor operator *(Tensor left, double right) => op_mul_number(left, right);

        public static Tensor operator -(Tensor left, Tensor right) => op_sub(left, right);
        public static Tensor operator -(Tensor left, float right) => op_sub_number(left, right);
        public static Tensor operator -(int left, Tensor right) => op_add_number(-right, left, One);
        public static Tensor operator -(float left, Tensor right) => op_add_number(-right, left, One);

        public static Tensor operator /(Tensor left, Tensor right) => op_true_divide(left, right);
        public static Tensor operator /(Tensor left, int right) => op_true_divide_number(left, right);
        public static Tensor operator /(Tensor left, float right) => op_true_divide_number(left, right);
        public static Tensor operator /(Tensor left, double right) => op_true_divide_number(left, right);

        public static Tensor operator -(Tensor tensor) => op_neg(tensor);

        // C# takes one of == and !=, < and >, <= and >= only with the other.
        public static Tensor operator ==(Tensor left, Tensor right) => op_eq(left, right);
        public static Tensor operator !=(Tensor left, Tensor right) => op_ne(left, right);
        public static Tensor operator ==(Tensor left, Scalar right) => op_eq_number(left, right);
        public static Tensor operator !=(Tensor left, Scalar right) => op_ne_number(left, right);
        public static Tensor operator <(Tensor left, Tensor right) => op_lt(left, right);
        public static Tensor operator >(Tensor left, Tensor right) => op_gt(left, right);
        public static Tensor operator <(Tensor left, Scalar right) => op_lt_number(left, right);
        public static Tensor operator >(Tensor left, Scalar right) => op_gt_number(left, right);
        public static Tensor operator <=(Tensor left, Tensor right) => op_le(left, right);
        public static Tensor operator >=(Tensor left, Tensor right) => op_ge(left, right);
    }
}

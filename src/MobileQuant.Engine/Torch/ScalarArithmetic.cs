using TorchSharp;

namespace MobileQuant.Torch;

/// <summary>
/// Arithmetic of tensors with numbers. TorchSharp turns a number into a native object that only a temporary holds: once its handle
/// is read, a collection during the call may free it, and the call then fails ("Unknown scalar type") or computes with something
/// else. Here the object lives until the call returned.
/// </summary>
internal static class ScalarArithmetic
{
    /// <summary>x + number.</summary>
    public static torch.Tensor Plus(this torch.Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.add(scalar);
    }

    /// <summary>x * number.</summary>
    public static torch.Tensor Times(this torch.Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.mul(scalar);
    }

    /// <summary>x / number.</summary>
    public static torch.Tensor Over(this torch.Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.div(scalar);
    }

    /// <summary>x += number; returns x.</summary>
    public static torch.Tensor Increase(this torch.Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.add_(scalar);
    }

    /// <summary>x *= number; returns x.</summary>
    public static torch.Tensor Scale(this torch.Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.mul_(scalar);
    }

    /// <summary>x /= number; returns x.</summary>
    public static torch.Tensor Divide(this torch.Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.div_(scalar);
    }

    /// <summary>x = number everywhere; returns x.</summary>
    public static torch.Tensor Fill(this torch.Tensor x, double number)
    {
        using Scalar scalar = number;
        return x.fill_(scalar);
    }

    /// <summary>x = number where the mask is true; returns x.</summary>
    public static torch.Tensor FillWhere(this torch.Tensor x, torch.Tensor mask, double number)
    {
        using Scalar scalar = number;
        return x.masked_fill_(mask, scalar);
    }

    /// <summary>x = min(max(x, lowest), highest); returns x.</summary>
    public static torch.Tensor Limit(this torch.Tensor x, double lowest, double highest)
    {
        using Scalar low = lowest;
        using Scalar high = highest;
        return x.clamp_(low, high);
    }

    /// <summary>x = max(x, lowest); returns x.</summary>
    public static torch.Tensor LimitBelow(this torch.Tensor x, double lowest)
    {
        using Scalar low = lowest;
        return x.clamp_(min: low);
    }

    /// <summary>x = min(x, highest); returns x.</summary>
    public static torch.Tensor LimitAbove(this torch.Tensor x, double highest)
    {
        using Scalar high = highest;
        return x.clamp_(max: high);
    }
}

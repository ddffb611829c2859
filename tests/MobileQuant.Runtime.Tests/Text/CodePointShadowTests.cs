using System.Globalization;
using System.Text;
using MobileQuant.Text;

namespace MobileQuant.Tests.Text;

public sealed class CodePointShadowTests
{
    [Fact]
    public void Every_code_point_above_the_BMP_is_shadowed_by_one_of_its_category()
    {
        Span<char> pair = stackalloc char[2];
        Span<char> shadow = stackalloc char[2];
        for (int value = 0x10000; value <= 0x10FFFF; value++)
        {
            Rune rune = new(value);
            rune.EncodeToUtf16(pair);

            Assert.Equal(1, CodePointShadow.Write(pair, shadow));
            UnicodeCategory expected = Rune.GetUnicodeCategory(rune);
            if (CharUnicodeInfo.GetUnicodeCategory(shadow[0]) != expected)
            {
                Assert.Fail($"U+{value:X} is {expected}, its shadow {CharUnicodeInfo.GetUnicodeCategory(shadow[0])}");
            }
        }
    }
}

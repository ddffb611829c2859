using MobileQuant.Torch;

namespace MobileQuant.Tests.Torch;

public sealed class ProcessorTypeTests
{
    [Theory]
    [InlineData(0x756E6547, 0x49656E69, 0x6C65746E, 0x000906EA, "GenuineIntel family 6 model 158")]
    [InlineData(0x756E6547, 0x49656E69, 0x6C65746E, 0x000806F8, "GenuineIntel family 6 model 143")]
    [InlineData(0x68747541, 0x69746E65, 0x444D4163, 0x00A00F11, "AuthenticAMD family 25 model 1")]
    [InlineData(0x68747541, 0x69746E65, 0x444D4163, 0x00000F4A, "AuthenticAMD family 15 model 4")]
    public void Registers_spell_vendor_family_and_model(int ebx, int edx, int ecx, int version, string name) =>
        Assert.Equal(name, ProcessorType.Describe((ebx, edx, ecx), version));

    [Fact]
    public void This_machine_has_a_type_and_instruction_sets()
    {
        Assert.NotEmpty(ProcessorType.Name);
        Assert.All(ProcessorType.Name, character => Assert.InRange(character, ' ', '~'));
        Assert.NotEmpty(ProcessorType.InstructionSets);
    }
}

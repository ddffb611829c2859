namespace MobileQuant.Tests;

public sealed class PackagedModelTests
{
    private readonly PackagedModel _model = new("tiny", "weights/no such folder/tiny.bin", "auto", "W8A8");

    [Fact]
    public void Its_path_is_the_apps_folder_and_the_link() =>
        Assert.Equal(Path.Combine(AppContext.BaseDirectory, "weights", "no such folder", "tiny.bin"), _model.Path);

    [Fact]
    public void A_missing_file_is_the_error_of_the_model() =>
        Assert.Equal("MQ2010", Assert.Throws<MobileQuantException>(() => _model.Open()).Code);
}

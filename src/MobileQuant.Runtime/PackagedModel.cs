namespace MobileQuant;

/// <summary>
/// A model that a build put beside the app. The class <c>QuantizedModels</c>, which MobileQuant.Build writes into a project, has one
/// for each QuantizedModel item: <c>using var model = QuantizedModels.TinyLlama.Open();</c>
/// </summary>
/// <param name="Name">The item's name.</param>
/// <param name="Link">Where the file is, relative to the app's folder.</param>
/// <param name="Recipe">The recipe as the project says it; what <c>auto</c> chose is in <see cref="QuantizedModel.Manifest"/>.</param>
/// <param name="Precision">Bits of weights and activations, such as <c>W4A8</c>.</param>
public sealed record PackagedModel(string Name, string Link, string Recipe, string Precision)
{
    /// <summary>The file, absolute. It is not looked for here.</summary>
    public string Path => System.IO.Path.GetFullPath(Link, AppContext.BaseDirectory);

    /// <summary>Opens the model: <see cref="QuantizedModel.Open"/> of <see cref="Path"/>.</summary>
    /// <param name="verifyWeights">True: compare the packed weights with their SHA-256 too.</param>
    /// <returns>The model.</returns>
    /// <exception cref="MobileQuantException">MQ2010: it is not there; otherwise as <see cref="QuantizedModel.Open"/>.</exception>
    public QuantizedModel Open(bool verifyWeights = false) => QuantizedModel.Open(Path, verifyWeights);
}

using System.Text;
using MobileQuant.Artifacts;
using MobileQuant.Caching;
using MobileQuant.Checkpoints;
using NuGet.Common;
using NuGet.Frameworks;
using NuGet.Packaging;
using NuGet.Packaging.Core;
using NuGet.Packaging.Licenses;
using NuGet.Versioning;

namespace MobileQuant.Packages;

/// <summary>Makes a NuGet package of an artifact or of a checkpoint: the same bytes for the same contents.</summary>
internal static class PackageWriter
{
    /// <summary>The package that apps with a model need.</summary>
    private const string RuntimePackage = "MobileQuant.Runtime";

    private const string Step = "package";

    /// <summary>Packs.</summary>
    /// <param name="request">What, and under which name.</param>
    /// <param name="progress">Told about bytes; may be null.</param>
    /// <param name="cancellationToken">Stops the work; nothing is left behind.</param>
    /// <returns>The package.</returns>
    /// <exception cref="MobileQuantException">MQ4024: the name or the texts are wrong; MQ2001, MQ20xx, MQ60xx: there is nothing to pack; MQ4001, MQ4002: it cannot be written.</exception>
    public static PackedModel Write(PackRequest request, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        PackageName name = PackageName.TryCreate(request.Id, request.Version)
            ?? throw Wrong($"'{request.Id}' {request.Version} is no package id and version", "Use an id such as Contoso.TinyModel and a version such as 1.0.0.");
        string source = Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.Source));
        (PackageDescriptor descriptor, IReadOnlyList<string> files) = Describe(source, progress, cancellationToken);
        PackageBuilder builder = Describe(request, name, descriptor, source);
        builder.Files.Add(PackedContent.OfBytes(PackageDescriptor.FileName, descriptor.Write()));
        foreach ((PackageFile file, string path) in descriptor.Files.Zip(files))
        {
            builder.Files.Add(PackedContent.OfFile(file.Path, path));
        }

        string output = Path.Combine(Path.GetFullPath(request.OutputFolder), $"{name.Id}.{name.Version}.nupkg");
        DiskErrors.RequireWritable(output);
        try
        {
            return Save(builder, name, descriptor, output, progress, cancellationToken);
        }
        catch (IOException e) when (DiskErrors.IsDiskFull(e))
        {
            throw DiskErrors.Full(e, output);
        }
        catch (Exception e) when (e is PackagingException or ArgumentException or System.ComponentModel.DataAnnotations.ValidationException)
        {
            throw Wrong(e.Message, "Correct what the message names.", e);
        }
    }

    private static PackedModel Save(
        PackageBuilder builder, PackageName name, PackageDescriptor descriptor, string output, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        long content = descriptor.Files.Sum(file => file.Bytes);
        using TemporaryPath temporary = TemporaryPath.Beside(output);
        using (CountingStream stream = new(new FileStream(temporary.Path, FileMode.CreateNew, FileAccess.ReadWrite), Advance))
        {
            builder.Save(stream);
        }

        cancellationToken.ThrowIfCancellationRequested();

        // What was read while packing is what was described: a file may have been changed in between.
        PackageInspection.Check(temporary.Path, name.Identity, null, cancellationToken);
        string digest = FileDigests.Hash(temporary.Path, null, cancellationToken);
        File.Move(temporary.Path, output, overwrite: true);
        return new(output, name, new FileInfo(output).Length, digest, descriptor);

        void Advance(long bytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new QuantizationEvent.Progress(Step, "compressing", Math.Min(bytes, content), content));
        }
    }

    private static (PackageDescriptor Descriptor, IReadOnlyList<string> Files) Describe(string source, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        if (ArtifactFile.IsArtifact(source))
        {
            using ArtifactFile artifact = ArtifactFile.Open(source);
            artifact.Verify(includeWeights: true, cancellationToken);
            string root = "models/" + Path.GetFileName(source);
            return (new()
            {
                Format = PackageDescriptor.CurrentFormat,
                Kind = PackageKind.Model,
                Root = root,
                Files = [Digest(source, root, progress, cancellationToken)],
                Fingerprint = artifact.Manifest.Fingerprint,
                Precision = artifact.Manifest.Precision,
                Recipe = artifact.Manifest.Recipe,
            }, [source]);
        }

        // What cannot be read here could not be quantized anywhere.
        CheckpointReader.Open(source).Dispose();
        IReadOnlyList<string> files = CheckpointFiles.List(source);
        string folder = "checkpoint/" + Path.GetFileName(source);
        return (new()
        {
            Format = PackageDescriptor.CurrentFormat,
            Kind = PackageKind.Checkpoint,
            Root = folder,
            Files = [.. files.Select(file => Digest(file, file == source ? folder : $"{folder}/{Path.GetFileName(file)}", progress, cancellationToken))],
        }, files);
    }

    private static PackageFile Digest(string file, string path, IProgress<QuantizationEvent>? progress, CancellationToken cancellationToken)
    {
        long length = new FileInfo(file).Length;
        long done = 0;
        string digest = FileDigests.Hash(
            file,
            bytes => progress?.Report(new QuantizationEvent.Progress(Step, $"reading {Path.GetFileName(file)}", done += bytes, length)),
            cancellationToken);
        return new(path, length, digest);
    }

    private static PackageBuilder Describe(PackRequest request, PackageName name, PackageDescriptor descriptor, string source)
    {
        PackageBuilder builder = new(deterministic: true, NullLogger.Instance)
        {
            Id = name.Id,
            Version = name.Identity.Version,
            Description = request.Description ?? (descriptor.Kind == PackageKind.Model
                ? $"{Path.GetFileName(source)}: an integer-only language model ({descriptor.Precision}, {descriptor.Recipe}) for MobileQuant."
                : $"{Path.GetFileName(source)}: a checkpoint to quantize with MobileQuant."),
        };
        builder.Authors.AddRange((request.Authors ?? name.Id).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        builder.Tags.Add("mobilequant");
        if (descriptor.Kind == PackageKind.Model)
        {
            byte[] targets = PackageTargets.For(descriptor.Root);
            builder.Files.Add(PackedContent.OfBytes($"build/{name.Id}.targets", targets));
            builder.Files.Add(PackedContent.OfBytes($"buildTransitive/{name.Id}.targets", targets));
            builder.DependencyGroups.Add(new(NuGetFramework.AnyFramework, [new PackageDependency(RuntimePackage, VersionRange.Parse(CheckpointProducer.ToolVersion))]));
        }

        AddTexts(builder, request);
        return builder;
    }

    private static void AddTexts(PackageBuilder builder, PackRequest request)
    {
        if (request.License is not null && request.LicenseFile is not null)
        {
            throw Wrong("it would have two licences", "Give an expression or a file.");
        }

        if (request.License is { } expression)
        {
            builder.LicenseMetadata = new(LicenseType.Expression, expression, ParseLicense(expression), [], LicenseMetadata.EmptyVersion);
        }

        if (request.LicenseFile is { } license)
        {
            builder.LicenseMetadata = new(LicenseType.File, AddText(builder, license), null, [], LicenseMetadata.EmptyVersion);
        }

        if (request.Readme is { } readme)
        {
            builder.Readme = AddText(builder, readme);
        }

        if (request.ProjectUrl is { } url)
        {
            builder.ProjectUrl = Uri.TryCreate(url, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
                ? address
                : throw Wrong($"'{url}' is no address of a project", "Give it as https://host/path.");
        }
    }

    private static string AddText(PackageBuilder builder, string file)
    {
        try
        {
            string name = Path.GetFileName(file);
            builder.Files.Add(PackedContent.OfBytes(name, Encoding.UTF8.GetBytes(File.ReadAllText(file))));
            return name;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Wrong($"{file} cannot be read: {e.Message}", "Correct the path.", e);
        }
    }

    private static NuGetLicenseExpression ParseLicense(string expression)
    {
        try
        {
            return NuGetLicenseExpression.Parse(expression);
        }
        catch (NuGetLicenseExpressionParsingException e)
        {
            throw Wrong($"'{expression}' is no licence expression: {e.Message}", "Use SPDX identifiers, such as Apache-2.0, or --license-file.", e);
        }
    }

    private static MobileQuantException Wrong(string why, string remedy, Exception? cause = null) => new("MQ4024", $"The package cannot be made: {why.TrimEnd('.')}.", remedy, cause);
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace MobileQuant.Tests.Caching.Remote;

/// <summary>A certificate that a server on this machine signed itself, as the two files that such servers read.</summary>
internal sealed class ServerCertificate
{
    /// <param name="folder">Where the files go.</param>
    public ServerCertificate(TemporaryFolder folder)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Path = folder.Write("server.crt", certificate.ExportCertificatePem());
        KeyPath = folder.Write("server.key", key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The certificate.</summary>
    public string Path { get; }

    /// <summary>Its key.</summary>
    public string KeyPath { get; }
}

using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Rqml.Storage.Etcd.Endpoints;

/// <summary>Whom to trust and what to show at a connection, read from files once.</summary>
internal sealed class Credentials : IDisposable
{
    private readonly X509Certificate2Collection _authorities = [];
    private readonly X509Certificate2Collection _chain = [];
    private readonly X509Certificate2? _certificate;
    private readonly SslStreamCertificateContext? _shown;

    private Credentials(EtcdOptions options)
    {
        if (options.CertificateAuthorityPath is { } authorities) _authorities.ImportFromPemFile(authorities);
        if (options is not { ClientCertificatePath: { } certificate, ClientKeyPath: { } key }) return;

        // Through PKCS #12: on Windows a connection cannot use a key that has only been in memory.
        using var read = X509Certificate2.CreateFromPemFile(certificate, key);
        _certificate = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
        _chain.ImportFromPemFile(certificate);
        _shown = SslStreamCertificateContext.Create(_certificate, _chain, offline: true);
    }

    /// <exception cref="CryptographicException">A file holds no certificate or no key, or they do not go together.</exception>
    public static Credentials Read(EtcdOptions options) => new(options);

    /// <summary>What is wrong with the files; null where nothing is.</summary>
    public static string? FaultOf(EtcdOptions options)
    {
        try
        {
            using var read = Read(options);
            if (options.CertificateAuthorityPath is { } path && read._authorities.Count == 0) return $"{nameof(EtcdOptions)}.{nameof(options.CertificateAuthorityPath)} is '{path}'; it takes a PEM file with a certificate, and that one holds none.";
            return null;
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"{nameof(EtcdOptions)}.{nameof(options.CertificateAuthorityPath)}, {nameof(options.ClientCertificatePath)} or {nameof(options.ClientKeyPath)} names a file that cannot be used; they take PEM files that go together: {error.Message}";
        }
    }

    public SslClientAuthenticationOptions ForConnection()
    {
        var options = new SslClientAuthenticationOptions { ClientCertificateContext = _shown };
        if (_authorities.Count == 0) return options;

        // Only the authorities that were named. They are private ones as a rule, which publish no revocations.
        options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        options.CertificateChainPolicy.CustomTrustStore.AddRange(_authorities);
        return options;
    }

    public void Dispose()
    {
        _certificate?.Dispose();
        foreach (var certificate in _authorities.Concat(_chain)) certificate.Dispose();
    }
}

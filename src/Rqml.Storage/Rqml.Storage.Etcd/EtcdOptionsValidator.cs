using Microsoft.Extensions.Options;
using Rqml.Storage.Etcd.Endpoints;

namespace Rqml.Storage.Etcd;

/// <summary>Names every fault of <see cref="EtcdOptions"/> at once; never a password.</summary>
internal sealed class EtcdOptionsValidator : IValidateOptions<EtcdOptions>
{
    private const string Times = "100 ms to 1 min";
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    public ValidateOptionsResult Validate(string? name, EtcdOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = new List<string>();
        CheckEndpoints(options, faults);
        CheckPair(options.ClientCertificatePath, nameof(options.ClientCertificatePath), options.ClientKeyPath, nameof(options.ClientKeyPath), faults);
        CheckPair(options.UserName, nameof(options.UserName), options.Password, nameof(options.Password), faults);
        if (options.UserName is "") Fault(nameof(options.UserName), "", "the name of a user");
        CheckFiles(options, faults);
        if (options.ConnectTimeout < Shortest || options.ConnectTimeout > Longest) Fault(nameof(options.ConnectTimeout), options.ConnectTimeout, Times);
        if (options.RequestTimeout < Shortest || options.RequestTimeout > Longest) Fault(nameof(options.RequestTimeout), options.RequestTimeout, Times);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Fault(string option, object? value, string range) => faults.Add($"{nameof(EtcdOptions)}.{option} is '{value}'; it takes {range}.");
    }

    private static void CheckEndpoints(EtcdOptions options, List<string> faults)
    {
        var shown = EndpointList.Describe(options.Endpoints);
        if (EndpointList.Parse(options.Endpoints) is not { } addresses)
        {
            faults.Add($"{nameof(EtcdOptions)}.{nameof(options.Endpoints)} is '{shown}'; it takes 1 to {EndpointList.Most} addresses, all http://host:port or all https://host:port, separated by commas.");
            return;
        }

        var plain = addresses.Where(address => address.Scheme == Uri.UriSchemeHttp && !address.IsLoopback).ToArray();
        if (plain.Length > 0 && !options.AllowPlaintext)
        {
            faults.Add($"{nameof(EtcdOptions)}.{nameof(options.Endpoints)} has '{plain[0]}', which is another machine's and does not encrypt; {nameof(options.AllowPlaintext)} is 'False', and has to be true for that.");
        }

        if (addresses[0].Scheme == Uri.UriSchemeHttps) return;
        foreach (var (option, path) in Files(options))
        {
            if (path is not null) faults.Add($"{nameof(EtcdOptions)}.{option} is '{path}', but {nameof(options.Endpoints)} is '{shown}'; it takes https addresses.");
        }
    }

    private static void CheckPair(string? one, string oneName, string? other, string otherName, List<string> faults)
    {
        if (one is null == other is null) return;
        var (there, missing) = one is null ? (otherName, oneName) : (oneName, otherName);
        faults.Add($"{nameof(EtcdOptions)}.{missing} is null, but {there} is set; it takes both or neither.");
    }

    private static void CheckFiles(EtcdOptions options, List<string> faults)
    {
        if (Files(options).Where(file => file.Path is not null && !File.Exists(file.Path)).ToArray() is { Length: > 0 } missing)
        {
            faults.AddRange(missing.Select(file => $"{nameof(EtcdOptions)}.{file.Option} is '{file.Path}'; it takes the path of a PEM file, and there is none."));
            return;
        }

        if (Credentials.FaultOf(options) is { } fault) faults.Add(fault);
    }

    private static IEnumerable<(string Option, string? Path)> Files(EtcdOptions options) =>
    [
        (nameof(options.CertificateAuthorityPath), options.CertificateAuthorityPath),
        (nameof(options.ClientCertificatePath), options.ClientCertificatePath),
        (nameof(options.ClientKeyPath), options.ClientKeyPath),
    ];
}

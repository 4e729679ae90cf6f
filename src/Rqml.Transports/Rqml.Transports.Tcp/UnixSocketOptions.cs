using Microsoft.Extensions.Options;

namespace Rqml.Transports.Tcp;

/// <summary>Where a node listens over a Unix domain socket.</summary>
public sealed class UnixSocketOptions
{
    /// <summary>Folder of the sockets; each node's is called after it. It is created where it is missing, for this user alone.</summary>
    /// <value>Default: <c>rqml-</c> and the user's name, in the folder for temporary files. At most 64 characters, as the system's limit for a socket's path is 107.</value>
    public string Folder { get; set; } = Path.Combine(Path.GetTempPath(), $"rqml-{Environment.UserName}");
}

/// <summary>Names every fault of <see cref="UnixSocketOptions"/> at once.</summary>
internal sealed class UnixSocketOptionsValidator : IValidateOptions<UnixSocketOptions>
{
    private const int MostFolderLength = 64;

    public ValidateOptionsResult Validate(string? name, UnixSocketOptions options) =>
        string.IsNullOrWhiteSpace(options.Folder) || Path.GetFullPath(options.Folder).Length > MostFolderLength
            ? ValidateOptionsResult.Fail($"{nameof(UnixSocketOptions)}.{nameof(options.Folder)} is '{options.Folder}'; it takes a path of 1 to {MostFolderLength} characters.")
            : ValidateOptionsResult.Success;
}

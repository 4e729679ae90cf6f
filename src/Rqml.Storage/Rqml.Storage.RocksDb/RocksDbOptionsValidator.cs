using Microsoft.Extensions.Options;

namespace Rqml.Storage.RocksDb;

/// <summary>Names every option of <see cref="RocksDbOptions"/> that is out of range, with its value and range.</summary>
public sealed class RocksDbOptionsValidator : IValidateOptions<RocksDbOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RocksDbOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var faults = new List<string>();
        if (string.IsNullOrWhiteSpace(options.Path)) faults.Add($"{nameof(RocksDbOptions)}.{nameof(options.Path)} is empty; it must name a folder.");
        if (!Enum.IsDefined(options.Verification)) faults.Add($"{nameof(RocksDbOptions)}.{nameof(options.Verification)} is {options.Verification}, which does not exist.");
        InRange(nameof(options.SegmentThresholdBytes), options.SegmentThresholdBytes, 4 << 10, 16 << 20);
        InRange(nameof(options.SegmentBytes), options.SegmentBytes, 64 << 10, 1 << 30);
        InRange(nameof(options.WriteBufferBytes), options.WriteBufferBytes, 64 << 10, 1 << 30);
        InRange(nameof(options.BlockCacheBytes), options.BlockCacheBytes, 1 << 20, 64L << 30);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void InRange(string option, long value, long least, long most)
        {
            if (value < least || value > most) faults.Add($"{nameof(RocksDbOptions)}.{option} is {value}; it must be from {least} to {most} bytes.");
        }
    }
}

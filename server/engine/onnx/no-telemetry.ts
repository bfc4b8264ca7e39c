/**
 * ONNX Runtime 1.29 and later writes a device id below the home folder and reports usage over the network. The runtime
 * reads this variable when its library loads, so this module is imported before it. Child processes inherit the variable.
 */
import process from 'node:process';

process.env.ORT_DISABLE_TELEMETRY = '1';
